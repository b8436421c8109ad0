"""The certificate authority of a trail's proxy, which signs the certificates that clients see."""
