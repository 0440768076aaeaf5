"""The same answers on a page: who asks, what they may see, pages and a JSON API over finished runs."""

# where a server without sign-ons may listen, and the only hosts by which it may be called
LOOPBACK = ("127.0.0.1", "::1", "localhost")
