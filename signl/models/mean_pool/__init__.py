"""The mean frame: the control that no table should lack."""
