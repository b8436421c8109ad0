"""Everything between a client and the trail: the proxy, the recorder, and the commands it runs."""
