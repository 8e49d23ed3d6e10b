package control

import (
	"context"
	"fmt"
	"strings"

	"berth"
	"berth/wire"
)

// taskWork turns a request into what is to be done, and checks all that can be checked before it begins.
func (s *Service) taskWork(ctx context.Context, site string, r wire.StartTask) (do taskWork, subject string, err error) {
	missing := func(field, what string) error {
		return berth.Errorf(berth.Invalid, "a task of kind %s needs %s", r.Kind, what).On(field).With("add " + field)
	}
	switch r.Kind {
	case berth.TaskInspect:
		if strings.TrimSpace(r.Path) == "" {
			return nil, "", missing("path", "the path of an image")
		}
		return s.inspectTask(site, r.Path), r.Path, nil
	case berth.TaskVerify:
		return s.verifyTask(ctx, site, r)
	case berth.TaskAdd:
		if r.Add == nil {
			return nil, "", missing("add", "the package to add")
		}
		return s.addTask(site, *r.Add), r.Add.ImagePath, nil
	case berth.TaskBuild:
		if r.Build == nil || len(r.Build.Packages) == 0 || r.Build.Out == "" {
			return nil, "", missing("build", "the packages and the image to make of them")
		}
		if err := s.images.CheckNew(r.Build.Out); err != nil {
			return nil, "", err
		}
		return s.buildTask(site, *r.Build), r.Build.Out, nil
	}
	return nil, "", berth.Errorf(berth.Invalid, "%q is no kind of task", r.Kind).On("kind").With("use inspect, verify, add or build")
}

func (s *Service) inspectTask(site, path string) taskWork {
	return func(ctx context.Context, log func(string)) (any, error) {
		log("opening " + path)
		v, err := s.InspectImage(ctx, site, path)
		if err != nil {
			return nil, err
		}
		log(fmt.Sprintf("%s, %d packages", v.Format, len(v.Packages)))
		return v, nil
	}
}

func (s *Service) addTask(site string, a wire.AddPackage) taskWork {
	return func(ctx context.Context, log func(string)) (any, error) {
		log("reading and verifying " + a.ImagePath)
		p, err := s.AddPackage(ctx, NewPackage{Site: site, ImagePath: a.ImagePath, FullName: a.FullName, DisplayName: a.DisplayName,
			Tags: a.Tags, Disabled: a.Disabled, OnFailure: a.OnFailure})
		if err != nil {
			return nil, err
		}
		log("drafted " + p.FullName)
		return p, nil
	}
}

func (s *Service) buildTask(site string, b berth.BuildImage) taskWork {
	return func(ctx context.Context, log func(string)) (any, error) {
		log("expanding " + strings.Join(b.Packages, ", "))
		img, err := s.images.Make(ctx, b)
		if err != nil {
			return nil, err
		}
		log(fmt.Sprintf("made %s, %d bytes", img.Path, img.Size))
		return s.viewImage(ctx, site, img)
	}
}

// verifyTask verifies all packages of an image, or the one of the catalogue that is named.
func (s *Service) verifyTask(ctx context.Context, site string, r wire.StartTask) (taskWork, string, error) {
	if r.Package == "" {
		if strings.TrimSpace(r.Path) == "" {
			return nil, "", berth.Errorf(berth.Invalid, "a task of kind verify needs the path of an image, or a package").On("path").With("add path or package")
		}
		return func(ctx context.Context, log func(string)) (any, error) {
			img, err := s.images.Survey(ctx, r.Path)
			if err != nil {
				return nil, err
			}
			for _, note := range img.Notes {
				log(note)
			}
			if len(img.Packages) == 0 {
				return nil, berth.Errorf(berth.Invalid, "image %s holds no package that can be read", r.Path).On("path").With("inspect it for what is in it")
			}
			return s.verifyAll(ctx, img.Packages, len(img.Notes) == 0, log)
		}, r.Path, nil
	}
	p, _, err := s.Package(ctx, site, r.Package)
	if err != nil {
		return nil, "", err
	}
	return func(ctx context.Context, log func(string)) (any, error) {
		return s.verifyAll(ctx, []berth.Package{p}, true, log)
	}, p.FullName, nil
}

// verifyAll verifies packages one after the other. What is wrong with one of them is its result; only what keeps all from
// being read ends the task.
func (s *Service) verifyAll(ctx context.Context, ps []berth.Package, whole bool, log func(string)) (out wire.VerifiedImage, err error) {
	out = wire.VerifiedImage{OK: whole, Packages: []wire.VerifiedPackage{}}
	for _, p := range ps {
		files := ""
		if p.Observed != nil {
			files = fmt.Sprintf(": %d files, %d bytes", p.Observed.Files, p.Observed.Bytes)
		}
		log("verifying " + p.FullName + files)
		v := wire.VerifiedPackage{FullName: p.FullName, OK: true}
		if err := s.library.Verify(ctx, p); err != nil {
			if ctx.Err() != nil || berth.ErrorKind(err) == berth.Unavailable {
				return out, err
			}
			v.OK, v.Failure, out.OK = false, taskFailure(err), false
			log(v.Failure.Message)
		}
		out.Packages = append(out.Packages, v)
	}
	return out, nil
}
