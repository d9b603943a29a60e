"""An application on whole machines: pure arithmetic, outside the clock."""
