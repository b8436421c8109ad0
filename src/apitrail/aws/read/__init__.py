"""What a request asks: its body and parameters by the service's protocol."""
