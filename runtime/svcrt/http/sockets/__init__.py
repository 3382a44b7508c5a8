"""Web sockets: the handshake, the connection with its limits, the typed face that a method gets, the hub's feed."""
