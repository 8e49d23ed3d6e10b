package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"berth"
	"berth/imaging"
)

func (p *program) imageHash() *cobra.Command {
	var volume int
	c := p.command(verb{use: "hash IMAGE [PATH]", short: "Print the SHA-256 of every file of an image",
		long: `Print the SHA-256 of every file of a volume, or of the files below PATH, as sha256sum does: "<sha256>  <path>", paths from the
root of the volume with slashes. The disk need not hold packages. A file that cannot be read is told on standard error; the
exit code is 6 then.`,
		example: "  berth image hash notes.vhdx > notes.sha256\n  berth image hash disk.raw --volume 2 -o json\n  berth image extract notes.vhdx --out notes && (cd notes && sha256sum -c ../notes.sha256)",
		args:    cobra.RangeArgs(1, 2), run: func(ctx context.Context, args []string) error {
			files, err := p.openFiles(ctx, args[0], volume)
			if err != nil {
				return err
			}
			defer func() { _ = files.Close() }()
			return p.hashFiles(ctx, args[0], fsPath(files.FS, append(args, "")[1]), files)
		}})
	volumeFlag(c, &volume)
	return c
}

// hashFiles prints the lines as they come, and any other form at the end.
func (p *program) hashFiles(ctx context.Context, image, at string, files *imaging.Files) error {
	lines := newLines(p.Out)
	bar := p.progress("hashing", image)
	defer bar.stop()
	sums, failed, seen := []imaging.Sum{}, 0, onTerminal(p.Out)
	err := files.Hash(ctx, at, func(s imaging.Sum) error {
		bar.Add(s.Size)
		if s.Error != "" {
			failed++
			bar.pause()
			p.note("%s: %s", s.Path, s.Error)
		}
		if !p.lined() {
			sums = append(sums, s)
			return nil
		}
		if s.Error != "" {
			return nil
		}
		line := sumLine(s)
		if seen { // the exact bytes are for sha256sum, not for the eyes
			line = plain(line)
		}
		return lines.write(line + "\n")
	})
	bar.stop()
	if err == nil {
		err = lines.flush()
	}
	if err != nil {
		return files.Explain(ctx, at, err)
	}
	if !p.lined() {
		if err := p.show(result{value: sums, names: namesOf(sums, func(s imaging.Sum) string { return s.Path })}); err != nil {
			return err
		}
	}
	return unread(image, failed)
}

// lined tells that results are lines of text.
func (p *program) lined() bool { return p.output == formatTable || p.output == formatWide }

// sumLine writes as sha256sum does: a name that would break the line is escaped, and the line says so in front.
func sumLine(s imaging.Sum) string {
	name := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`).Replace(s.Path)
	mark := ""
	if name != s.Path {
		mark = `\`
	}
	return mark + s.SHA256 + "  " + name
}

// unread is the error of a command that did its work but for some files.
func unread(image string, files int) error {
	if files == 0 {
		return nil
	}
	return coded{berth.Errorf(berth.Invalid, "%s: files and folders that could not be read: %d", image, files).With("see the lines above for each, and why"), ExitPartly}
}
