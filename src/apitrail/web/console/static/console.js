// The console with scripts: keys, no full reloads, live rows. Every page works without it.
