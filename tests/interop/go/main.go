// Checks a static export of Sanad with golang.org/x/mod/sumdb alone: nothing in here knows Sanad.
//
//	tlogcheck FOLDER VERIFIER-KEY
//	tlogcheck -proof FILE VERIFIER-KEY
//
// The second form checks a C2SP tlog-proof, whose extra data are the bytes of the record.
//
// The checkpoint is opened as a signed note, every record is proved to be in its tree, and the log at several sizes is
// proved to begin it. The file head is opened as a signed note too. sumdb names its tiles tile/8/0/x001; the folder has
// them as C2SP tlog-tiles names them, tile/0/x001: the paths are mapped in ReadTiles.
//
// Exits with 0 and a line of JSON, or with 1 and what is wrong.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8
const width = 1 << height

func main() {
	args := os.Args[1:]
	work := check
	if len(args) == 3 && args[0] == "-proof" {
		args, work = args[1:], proof
	}
	if len(args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: tlogcheck [-proof] FOLDER-OR-FILE VERIFIER-KEY")
		os.Exit(2)
	}
	found, err := work(args[0], args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	text, err := json.Marshal(found)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	fmt.Println(string(text))
}

type result struct {
	Origin  string `json:"origin"`
	Size    int64  `json:"size"`
	Root    string `json:"root"`
	Records int64  `json:"records"`
	Trees   int    `json:"trees"`
}

func check(folder, key string) (*result, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return nil, err
	}
	known := note.VerifierList(verifier)
	origin, tree, err := checkpoint(folder, known)
	if err != nil {
		return nil, err
	}
	if origin != verifier.Name() {
		return nil, fmt.Errorf("the checkpoint is of %q, the key of %q", origin, verifier.Name())
	}
	if err := head(folder, known); err != nil {
		return nil, err
	}
	tiles := &memory{tlog.TileHashReader(tree, &folderTiles{folder}), map[int64]tlog.Hash{}}
	if err := records(folder, tree, tiles); err != nil {
		return nil, err
	}
	trees, err := olderTrees(tree, tiles)
	if err != nil {
		return nil, err
	}
	return &result{origin, tree.N, tree.Hash.String(), tree.N, trees}, nil
}

// proof checks a C2SP tlog-proof.
func proof(file, key string) (*result, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	head, signed, found := strings.Cut(string(data), "\n\n")
	if !found {
		return nil, errors.New("the proof has no blank line")
	}
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" || len(lines) < 3 {
		return nil, errors.New("not a tlog-proof, or one without extra data")
	}
	record, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return nil, err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return nil, err
	}
	var path tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		path = append(path, hash)
	}
	origin, tree, err := tree([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return nil, err
	}
	if origin != verifier.Name() {
		return nil, fmt.Errorf("the checkpoint is of %q, the key of %q", origin, verifier.Name())
	}
	if err := tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(record)); err != nil {
		return nil, err
	}
	return &result{origin, tree.N, tree.Hash.String(), 1, 1}, nil
}

// checkpoint opens the checkpoint of a folder.
func checkpoint(folder string, known note.Verifiers) (string, tlog.Tree, error) {
	data, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return "", tlog.Tree{}, err
	}
	return tree(data, known)
}

// tree opens a checkpoint and reads its three lines (C2SP tlog-checkpoint).
func tree(signed []byte, known note.Verifiers) (string, tlog.Tree, error) {
	opened, err := note.Open(signed, known)
	if err != nil {
		return "", tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 {
		return "", tlog.Tree{}, errors.New("the checkpoint has fewer than three lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		return "", tlog.Tree{}, fmt.Errorf("the size in the checkpoint is %q", lines[1])
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return "", tlog.Tree{}, fmt.Errorf("the root in the checkpoint is %q", lines[2])
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return lines[0], tree, nil
}

// head opens the head, whose text is JSON that names the manifest.
func head(folder string, known note.Verifiers) error {
	text, err := open(filepath.Join(folder, "head"), known)
	if err != nil {
		return err
	}
	var fields struct {
		Manifest string `json:"manifest"`
	}
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		return err
	}
	if len(fields.Manifest) != 64 {
		return fmt.Errorf("the head names the manifest %q", fields.Manifest)
	}
	return nil
}

func open(path string, known note.Verifiers) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	opened, err := note.Open(data, known)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return opened.Text, nil
}

// records proves every record of the entry bundles.
func records(folder string, tree tlog.Tree, tiles *memory) error {
	for first := int64(0); first < tree.N; first += width {
		count := tree.N - first
		if count > width {
			count = width
		}
		path := tilePath(tlog.Tile{H: height, L: -1, N: first / width, W: int(count)})
		data, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return err
		}
		if err := tiles.fetch(first, count); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for n := first; n < first+count; n++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return fmt.Errorf("%s: too short for record %d", path, n)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			proof, err := tlog.ProveRecord(tree.N, n, tiles)
			if err != nil {
				return fmt.Errorf("record %d: %w", n, err)
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, tlog.RecordHash(data[2:end])); err != nil {
				return fmt.Errorf("record %d: %w", n, err)
			}
			data = data[end:]
		}
		if len(data) > 0 {
			return fmt.Errorf("%s: %d bytes left over", path, len(data))
		}
	}
	return nil
}

// olderTrees proves that the tree begins with the trees of some smaller sizes.
func olderTrees(tree tlog.Tree, tiles tlog.HashReader) (int, error) {
	proved := 0
	for size := int64(1); size < tree.N; size += tree.N/16 + 1 {
		hash, err := tlog.TreeHash(size, tiles)
		if err != nil {
			return proved, err
		}
		proof, err := tlog.ProveTree(tree.N, size, tiles)
		if err != nil {
			return proved, err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, size, hash); err != nil {
			return proved, fmt.Errorf("the tree of %d records: %w", size, err)
		}
		proved++
	}
	return proved, nil
}

// memory keeps hashes that sumdb read and checked, so that a tile is not checked again for each of its records.
type memory struct {
	checked tlog.HashReader
	hashes  map[int64]tlog.Hash
}

// fetch reads the hashes of the tile of some records together.
func (m *memory) fetch(first, count int64) error {
	var indexes []int64
	for level := 0; level < height; level++ {
		for n := first >> level; (n+1)<<level <= first+count; n++ {
			indexes = append(indexes, tlog.StoredHashIndex(level, n))
		}
	}
	_, err := m.ReadHashes(indexes)
	return err
}

func (m *memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var missing []int64
	for _, index := range indexes {
		if _, ok := m.hashes[index]; !ok {
			missing = append(missing, index)
		}
	}
	read, err := m.checked.ReadHashes(missing)
	if err != nil {
		return nil, err
	}
	for i, index := range missing {
		m.hashes[index] = read[i]
	}
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hashes[i] = m.hashes[index]
	}
	return hashes, nil
}

// folderTiles reads tiles from a folder.
type folderTiles struct{ folder string }

func (r *folderTiles) Height() int { return height }

func (r *folderTiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (r *folderTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		path := tilePath(tile)
		hashes, err := os.ReadFile(filepath.Join(r.folder, path))
		if err != nil {
			return nil, err
		}
		if len(hashes) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s: %d bytes", path, len(hashes))
		}
		data = append(data, hashes)
	}
	return data, nil
}

// tilePath is the path in C2SP tlog-tiles of a tile: the height is left out, and "data" is "entries".
func tilePath(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	if strings.HasPrefix(path, "data/") {
		path = "entries/" + strings.TrimPrefix(path, "data/")
	}
	return "tile/" + path
}
