"""From a process to a dedicated host: what each wall costs, and what still crosses it."""
