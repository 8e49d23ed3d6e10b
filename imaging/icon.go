package imaging

import (
	"cmp"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"berth"
	"berth/msix"
	"berth/pri"
)

// iconSize is the width and height of the icon that is looked for, in points.
const iconSize = 48

// mostIcons bounds the applications of a package that get an icon into the catalogue.
const mostIcons = 32

// picture is one file that could serve as an icon, or data that stands in the index.
type picture struct {
	path       string
	embedded   []byte
	size       int // TargetSize; 0: none
	scale      int // 0: none
	unplated   bool
	qualifiers int
}

// icon finds the icon of an application: its small logo, else its medium one, else the package's. The path is empty when
// none of them is there.
func (l *lookup) icon(a msix.Application, p msix.Properties) (file string, png []byte) {
	for _, logo := range []string{a.Square44x44Logo, a.Square150x150Logo, p.Logo} {
		for _, one := range l.ranked(logo) {
			data := one.embedded
			if data == nil {
				var err error
				if data, err = l.read(one.path); err != nil {
					l.failed(err)
					continue
				}
			}
			if png, ok := smallPNG(data); ok {
				return one.path, png
			}
		}
	}
	return "", nil
}

// mostPicture bounds the file of a logo.
const mostPicture = 4 << 20

func (l *lookup) read(file string) ([]byte, error) {
	return readFile(found{fsys: l.fsys, dir: "."}, file, mostPicture)
}

// ranked gives the files behind the name of a logo, the best icon first: made for the size and to stand alone, made for the
// size, of the highest scale, plain, and what is smaller than wanted at the end. Source: Microsoft Learn, "App icon construction".
func (l *lookup) ranked(logo string) []picture {
	name := strings.ReplaceAll(logo, `\`, "/")
	if name == "" || !fs.ValidPath(name) || l.fsys == nil {
		return nil
	}
	list := l.inIndex(name)
	if len(list) == 0 {
		list = l.siblings(name)
	}
	slices.SortStableFunc(list, func(a, b picture) int {
		if c := cmp.Compare(a.grade(), b.grade()); c != 0 {
			return c
		}
		if a.size != b.size { // the smallest that is large enough, else the largest
			if a.size >= iconSize {
				return cmp.Compare(a.size, b.size)
			}
			return cmp.Compare(b.size, a.size)
		}
		return cmp.Or(cmp.Compare(b.scale, a.scale), cmp.Compare(a.qualifiers, b.qualifiers))
	})
	return list
}

// grade orders the kinds of pictures, the best is 0.
func (p picture) grade() int {
	switch {
	case p.size >= iconSize && p.unplated:
		return 0
	case p.size >= iconSize:
		return 1
	case p.size == 0 && p.scale > 0:
		return 2
	case p.size == 0:
		return 3
	}
	return 4
}

// inIndex gives the pictures that the index has for a logo and that are in this package.
func (l *lookup) inIndex(name string) []picture {
	if l.index == nil {
		return nil
	}
	candidates, _, err := l.index.Resource("Files/" + name)
	if err != nil {
		l.failed(err)
		return nil
	}
	return l.pictures(candidates)
}

// siblings gives the files that carry a logo's name with qualifiers, as a package without an index has them.
func (l *lookup) siblings(name string) []picture {
	if l.named == nil {
		l.named = map[string][]pri.Candidate{}
		for _, file := range l.files {
			logical, qualifiers := pri.FileName(file)
			key := berth.Fold(logical)
			l.named[key] = append(l.named[key], pri.Candidate{Kind: pri.Path, Text: file, Qualifiers: qualifiers})
		}
	}
	candidates := l.named[berth.Fold(name)]
	slices.SortFunc(candidates, func(a, b pri.Candidate) int { return strings.Compare(a.Text, b.Text) })
	return l.pictures(candidates)
}

// pictures keeps what is for an ordinary screen in the wanted language. Where that is nothing, anything serves.
func (l *lookup) pictures(candidates []pri.Candidate) []picture {
	var list, special []picture
	language := l.bestLanguage(candidates)
	for _, c := range candidates {
		p := picture{path: strings.ReplaceAll(c.Text, `\`, "/"), qualifiers: len(c.Qualifiers)}
		p.size, _ = strconv.Atoi(c.Value("TargetSize"))
		p.scale, _ = strconv.Atoi(c.Value("Scale"))
		form := c.Value("AlternateForm")
		p.unplated = strings.EqualFold(form, "unplated")
		switch {
		case c.Elsewhere:
			continue
		case c.Kind == pri.EmbeddedData:
			data, err := l.index.Data(c)
			if err != nil {
				l.failed(err)
				continue
			}
			p.path, p.embedded = indexName, data
		case !c.Kind.IsPath() || !l.has(&p.path):
			continue
		}
		contrast := c.Value("Contrast")
		ordinary := (contrast == "" || strings.EqualFold(contrast, "standard")) && (form == "" || p.unplated)
		if ordinary && strings.EqualFold(c.Value("Language"), language) {
			list = append(list, p)
		} else {
			special = append(special, p)
		}
	}
	if len(list) == 0 {
		return special
	}
	return list
}

// bestLanguage is the language whose pictures are taken: "" when they are the same for all.
func (l *lookup) bestLanguage(candidates []pri.Candidate) string {
	best, _ := pri.Choose(candidates, l.ctx)
	return best.Value("Language")
}

// has tells whether the package has the file, and spells it as the package does.
func (l *lookup) has(file *string) bool {
	have, ok := l.files[berth.Fold(*file)]
	if ok {
		*file = have
	}
	return ok
}
