"""The money path as a machine: its world, what people can do, when they do it, what must hold."""
