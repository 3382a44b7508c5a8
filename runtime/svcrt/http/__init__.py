"""HTTP: routes, the gate in front of them, and the gateway that serves a process's services. Only here is werkzeug."""
