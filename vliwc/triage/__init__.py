"""From a miscompilation to its cause: what fails, which pass is the culprit, and the smallest kernel that shows it."""
