from .workers import ends_with as ends_with
