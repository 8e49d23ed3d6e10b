// Package block is what the readers of on-disk formats stand on: errors that name a place, reads that are full or an
// error, a bounded cache, a pager for metadata, and the open files and folders of a volume.
//
// It knows no format. Each format's package exports its errors under its own name, so that a caller needs to know the
// one package that it uses.
package block
