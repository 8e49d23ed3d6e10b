package api

import (
	"context"
	"net/http"

	"berth"
	"berth/wire"
)

// Inputs of the operations on images and tasks.
type (
	browseInput struct {
		SiteInput
		Path string `query:"path" doc:"a folder below a configured root; empty: the roots"`
	}
	inspectInput struct {
		SiteInput
		Body wire.InspectImage
	}
	tasksInput struct {
		SiteInput
		Open  bool   `query:"open" doc:"only those that wait or run"`
		After string `query:"after" doc:"only those behind the task of this id"`
		Limit int    `query:"limit" minimum:"0" maximum:"1000" default:"50"`
	}
	startTask struct {
		SiteInput
		Body wire.StartTask
	}
	// TaskInput names a task of a site.
	TaskInput struct {
		SiteInput
		Task string `path:"task"`
	}
)

func (a *API) imageRoutes() {
	s := a.Service
	handle(a, http.MethodGet, "/server", "getServer", "The server itself: version, authority, image roots", func(ctx context.Context, _ *noInput) (*body[wire.ServerInfo], error) {
		return one(s.Server(ctx))
	})
	handle(a, http.MethodGet, "/sites/{site}/overview", "getOverview", "How the site stands, on one page", func(ctx context.Context, in *SiteInput) (*body[wire.Overview], error) {
		return one(s.Overview(ctx, in.Site))
	})
	handle(a, http.MethodGet, "/sites/{site}/images", "browseImages", "Folders and images below the configured roots", func(ctx context.Context, in *browseInput) (*body[wire.ImageFolder], error) {
		f, err := s.BrowseImages(ctx, in.Site, in.Path)
		if f.Entries == nil {
			f.Entries = []berth.ImageEntry{}
		}
		return one(f, err)
	})
	handle(a, http.MethodPost, "/sites/{site}/images/inspect", "inspectImage", "What is in an image, and what speaks against adding it", func(ctx context.Context, in *inspectInput) (*body[wire.ImageView], error) {
		return one(s.InspectImage(ctx, in.Site, in.Body.Path))
	})
}

func (a *API) taskRoutes() {
	s := a.Service
	const path = "/sites/{site}/tasks"
	handle(a, http.MethodGet, path, "listTasks", "Inspections, verifications and builds, newest first", func(ctx context.Context, in *tasksInput) (*body[wire.Page[berth.Task]], error) {
		return paged(s.Tasks(ctx, in.Site, berth.TaskQuery{Open: in.Open, Before: in.After, Limit: in.Limit}))
	})
	handle(a, http.MethodPost, path, "startTask", "Begin work that goes on while nobody waits", func(ctx context.Context, in *startTask) (*body[berth.Task], error) {
		return one(s.StartTask(ctx, in.Site, in.Body))
	})
	handle(a, http.MethodGet, path+"/{task}", "getTask", "A task, with its log and result", func(ctx context.Context, in *TaskInput) (*body[berth.Task], error) {
		return one(s.Task(ctx, in.Site, in.Task))
	})
	handle(a, http.MethodPost, path+"/{task}/cancel", "cancelTask", "End a task before it is done", func(ctx context.Context, in *TaskInput) (*body[berth.Task], error) {
		return one(s.CancelTask(ctx, in.Site, in.Task))
	})
}
