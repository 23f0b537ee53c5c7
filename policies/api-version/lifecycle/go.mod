module seaworthy.dev/lifecycle

go 1.24
