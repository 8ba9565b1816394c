"""The widgets: one."""
