"""One controller per screen: parse, one use case, one answer."""
