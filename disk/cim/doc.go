// Package cim reads composite images, the format of Windows' cimfs, as file systems.
//
// An image is a small file NAME.cim and, in the same folder, region_GUID_N files, which hold all metadata and data, and
// objectid_GUID_N files, which serve deduplication when an image is written and are not read.
//
// The format is not documented by Microsoft. This package follows the structures in Microsoft's own hcsshim sources
// (MIT licence, versions 1 to 3; the names in the comments are theirs) and has been tested with images that the project's
// tests write, never with one that Windows made: what it reads is to be called unverified, and [Unverified] says so.
//
// The input is taken to be hostile: every offset is checked against the region it is in, every table is bounded, and a
// folder that is in two places is damage, which gives every walk an end. Alternate data streams, extended attributes and
// security descriptors are passed over; reparse points are told and not followed.
package cim

import "bytes"

// Unverified is what to say of everything that is read from a composite image.
const Unverified = "composite images are read after a description that no image made by Windows has confirmed yet: take what is shown as unverified"

const magic = "cimfile0" // CommonHeader.Magic

// Detect reports whether head, the first bytes of a file, starts a file of a composite image.
func Detect(head []byte) bool { return bytes.HasPrefix(head, []byte(magic)) }
