package compose

import "io/fs"

// Templates are the embedded templates by name, for an operator to start from.
func Templates() (fs.FS, error) { return fs.Sub(templateFiles, "templates") }
