"""What a language model's answer says: prompts, without the thinking and the talk around them."""
