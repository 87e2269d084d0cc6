"""Disclosure control: what a mart may say about few people or enterprises (docs/disclosure.md)."""

from pipelines.disclosure.declarations import (
    AdditiveGroups,
    Declaration,
    DeclarationError,
    load_declarations,
)

__all__ = ["AdditiveGroups", "Declaration", "DeclarationError", "load_declarations"]
