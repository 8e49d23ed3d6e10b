// Package cache keeps copies of images in a folder of the host, so that a host goes on while its file server is away, and
// does not ask it for everything at once when a hundred users log on.
//
// Images of the plan are copied ahead, slowly, one after another; a copy counts once every package that the plan has in it
// was compared with its block map. Packages are attached from the copy when there is a good one, from the share otherwise.
// Each copy is a folder:
//
//	<digest of the image's path>-<random>/
//	    copy.json   of which files of the share it is made, their sizes and stamps; written last when a copy begins
//	    journal     digests of the chunks that are there for good, appended after the chunks themselves were synced
//	    good.json   written when the copy is complete: the packages in it that were checked
//	    data/       the files, as they lie to each other on the share
//
// A death at any byte leaves a folder without copy.json, which is removed; a torn journal, which is cut; or chunks that no
// journal has, which are copied again. What a journal has is read and compared with its digest before a copy goes on.
//
// The folder also has index.json: since when images are needed, and which turned out bad. Losing it is harmless.
package cache
