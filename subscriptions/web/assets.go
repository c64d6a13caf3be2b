package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// asset is an embedded file served under a name with its hash, for ever.
type asset struct {
	name    string // as templates call it: "style.css"
	kind    string // media type
	content []byte
}

// readAssets returns the files of a folder by the path they are served under.
func readAssets(fsys fs.FS, folder string) (map[string]asset, error) {
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return nil, fmt.Errorf("read assets: %w", err)
	}
	assets := make(map[string]asset, len(entries))
	for _, e := range entries {
		content, err := fs.ReadFile(fsys, path.Join(folder, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read asset: %w", err)
		}
		sum := sha256.Sum256(content)
		ext := path.Ext(e.Name())
		served := "/static/" + strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		assets[served] = asset{name: e.Name(), kind: mime.TypeByExtension(ext), content: content}
	}
	return assets, nil
}

// assetPath is where an asset is served; templates link to it.
func (s *Site) assetPath(name string) (string, error) {
	for served, a := range s.assets {
		if a.name == name {
			return served, nil
		}
	}
	return "", fmt.Errorf("no asset is called %s", name)
}

// hasAsset reports whether there is an asset of that name: theme.css may be.
func (s *Site) hasAsset(name string) bool {
	_, err := s.assetPath(name)
	return err == nil
}

func (a asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, a.name, time.Time{}, bytes.NewReader(a.content))
}
