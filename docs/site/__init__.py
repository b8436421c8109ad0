"""The docs as a site: `make docs`. What a forge shows of docs/*.md is the same text."""
