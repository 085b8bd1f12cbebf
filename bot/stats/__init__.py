"""From a question to its answer: who may ask, what is read, and what insights make of it."""
