"""What a sentence is worth: expressions, their evaluation, objectives and how to report them."""
