"""Random kernels, campaigns that compile and compare them, and reduction of what fails ([docs/testing.md])."""
