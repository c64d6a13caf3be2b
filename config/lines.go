package config

import (
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// keyLines finds the line, from 1, at which a TOML text gives each key, such
// as http.listen; a table written in one line counts as one key. The text must
// have been read without an error.
func keyLines(text []byte) map[string]int {
	lines := make(map[string]int)
	var p unstable.Parser
	p.Reset(text)
	table := ""
	for p.NextExpression() {
		node := p.Expression()
		path, line := keyPath(&p, node)
		switch node.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = path + "."
			lines[path] = line
		case unstable.KeyValue:
			lines[table+path] = line
		}
	}
	return lines
}

// keyPath joins the parts of a node's key and says on which line it begins.
func keyPath(p *unstable.Parser, node *unstable.Node) (path string, line int) {
	var parts []string
	for it := node.Key(); it.Next(); {
		key := it.Node()
		if line == 0 {
			line = p.Shape(key.Raw).Start.Line
		}
		parts = append(parts, string(key.Data))
	}
	return strings.Join(parts, "."), line
}

// lineOf finds key's line, or that of the table it stands in; 0 if unknown.
func lineOf(lines map[string]int, key string) int {
	for {
		if line, ok := lines[key]; ok {
			return line
		}
		at := strings.LastIndex(key, ".")
		if at < 0 {
			return 0
		}
		key = key[:at]
	}
}
