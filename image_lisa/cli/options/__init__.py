"""What commands take: declared apart from what carries them out, so that help is quick."""
