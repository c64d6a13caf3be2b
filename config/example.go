package config

import "strings"

const exampleHead = `# Settings of jobalertd. Each key stands at its default behind a #, with its
# meaning above. Every key can be given in the environment too, and then counts
# before this file: http.public_url as JOBALERTD_HTTP__PUBLIC_URL.
# Durations: "30s", "2m", "12h", "60d".
`

// Example returns a TOML file that names every key with its meaning and, as a
// comment, its default. Loading it, with the comments taken off or left, gives
// the defaults. A secret's "_file" twin, which reads it from a file, stands
// behind it.
func Example() string {
	var b strings.Builder
	b.WriteString(exampleHead)
	section := ""
	for _, s := range Default().settings() {
		name, in := s.key, ""
		if at := strings.LastIndex(s.key, "."); at >= 0 {
			in, name = s.key[:at], s.key[at+1:]
		}
		if in != section {
			section = in
			b.WriteString("\n[" + section + "]\n")
		}
		b.WriteString("\n# " + s.help + "\n#" + name + " = " + s.toml() + "\n")
		if s.secret() {
			b.WriteString("# the same, read from a file\n#" + name + "_file = \"\"\n")
		}
	}
	return b.String()
}
