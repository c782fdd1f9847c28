"""Tables, engine, the wall between tenants. Knows no rule."""
