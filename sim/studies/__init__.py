"""Questions people ask, answered: catalogue, platforms and experiment put together.

A folder a question: `study` asks it, `answer` holds what was found and says it in English.
Functions are exported by `sim` and by their own module, never here: a module must not bear the
name of a function that its package exports.
"""
