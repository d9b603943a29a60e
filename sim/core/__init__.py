"""Clock, sharing law, randomness, recorder, cited numbers: what every other floor stands on."""
