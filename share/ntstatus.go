package share

import "fmt"

// status is what an SMB server's answer means: its name, the errno that reads alike, and whether the connection or the
// open file is gone with it, so that only a new one can help.
type status struct {
	name, errno, words string
	gone               bool
}

// Statuses that a file server gives to somebody who opens and reads. Source: MS-ERREF 2.3.1, NTSTATUS Values.
var statuses = map[uint32]status{
	0xC000000F: {"STATUS_NO_SUCH_FILE", "ENOENT", "the file is not on the share", false},
	0xC0000033: {"STATUS_OBJECT_NAME_INVALID", "ENOENT", "the file server does not take this as a file name", false},
	0xC0000034: {"STATUS_OBJECT_NAME_NOT_FOUND", "ENOENT", "the file is not on the share", false},
	0xC0000039: {"STATUS_OBJECT_PATH_INVALID", "ENOENT", "the file server does not take this as a path", false},
	0xC000003A: {"STATUS_OBJECT_PATH_NOT_FOUND", "ENOENT", "a folder of the path is not on the share", false},
	0xC000003B: {"STATUS_OBJECT_PATH_SYNTAX_BAD", "ENOENT", "the file server does not take this as a path", false},
	0xC0000056: {"STATUS_DELETE_PENDING", "ENOENT", "the file is being deleted", false},
	0xC00000BE: {"STATUS_BAD_NETWORK_PATH", "ENOENT", "the file server does not know its own name in the path", false},
	0xC00000CC: {"STATUS_BAD_NETWORK_NAME", "ENOENT", "the file server has no share of this name", false},
	0xC00000BA: {"STATUS_FILE_IS_A_DIRECTORY", "EISDIR", "the path is a folder", false},

	0xC0000022: {"STATUS_ACCESS_DENIED", "EACCES", "the file server refuses this user", false},
	0xC000006D: {"STATUS_LOGON_FAILURE", "EACCES", "the file server does not know this user with this password", false},
	0xC000006E: {"STATUS_ACCOUNT_RESTRICTION", "EACCES", "the file server restricts this account", false},
	0xC000006F: {"STATUS_INVALID_LOGON_HOURS", "EACCES", "this user may not sign in at this hour", false},
	0xC0000070: {"STATUS_INVALID_WORKSTATION", "EACCES", "this user may not sign in from this computer", false},
	0xC0000071: {"STATUS_PASSWORD_EXPIRED", "EACCES", "the user's password has expired", false},
	0xC0000072: {"STATUS_ACCOUNT_DISABLED", "EACCES", "the user's account is disabled", false},
	0xC000015B: {"STATUS_LOGON_TYPE_NOT_GRANTED", "EACCES", "this user may not sign in over the network", false},
	0xC0000193: {"STATUS_ACCOUNT_EXPIRED", "EACCES", "the user's account has expired", false},
	0xC0000224: {"STATUS_PASSWORD_MUST_CHANGE", "EACCES", "the user must change the password first", false},
	0xC0000234: {"STATUS_ACCOUNT_LOCKED_OUT", "EACCES", "the user's account is locked", false},

	0xC0000043: {"STATUS_SHARING_VIOLATION", "EBUSY", "another computer holds the file open for itself alone", false},
	0xC0000054: {"STATUS_FILE_LOCK_CONFLICT", "EBUSY", "another computer has locked this part of the file", false},
	0xC000009A: {"STATUS_INSUFFICIENT_RESOURCES", "ENOBUFS", "the file server is out of resources", false},
	0xC0000205: {"STATUS_INSUFF_SERVER_RESOURCES", "ENOBUFS", "the file server is out of resources", false},
	0xC00000B5: {"STATUS_IO_TIMEOUT", "ETIMEDOUT", "the file server's own storage does not answer", false},
	0xC0000185: {"STATUS_IO_DEVICE_ERROR", "EIO", "the file server's own storage fails", false},
	0xC000009C: {"STATUS_DEVICE_DATA_ERROR", "EIO", "the file server's own storage fails", false},
	0xC0000032: {"STATUS_DISK_CORRUPT_ERROR", "EIO", "the file server's own file system is damaged", false},
	0xC0000102: {"STATUS_FILE_CORRUPT_ERROR", "EIO", "the file server's own file system is damaged", false},

	0xC00000C9: {"STATUS_NETWORK_NAME_DELETED", "ECONNRESET", "the file server no longer offers the share", true},
	0xC0000128: {"STATUS_FILE_CLOSED", "ECONNRESET", "the file server has closed the file", true},
	0xC000020C: {"STATUS_CONNECTION_DISCONNECTED", "ECONNRESET", "the file server has ended the connection", true},
	0xC000020D: {"STATUS_CONNECTION_RESET", "ECONNRESET", "the file server has ended the connection", true},
	0xC0000203: {"STATUS_USER_SESSION_DELETED", "ECONNRESET", "the file server has ended the session", true},
	0xC000035C: {"STATUS_NETWORK_SESSION_EXPIRED", "ECONNRESET", "the session on the file server has expired", true},
	0xC000026E: {"STATUS_VOLUME_DISMOUNTED", "ECONNRESET", "the file server has dismounted the volume", true},
	0xC0000466: {"STATUS_SERVER_UNAVAILABLE", "ECONNRESET", "the file server is moving to another node", true},
	0xC0000467: {"STATUS_FILE_NOT_AVAILABLE", "ECONNRESET", "the file server cannot reach the file for now", true},

	// Without an errno: people search for these as they are.
	0xC0000257: {"STATUS_PATH_NOT_COVERED", "", "the path is in a DFS namespace; name the file server behind it", false},
	0xC000019C: {"STATUS_FS_DRIVER_REQUIRED", "", "the path is in a DFS namespace; name the file server behind it", false},
	0xC00000D0: {"STATUS_REQUEST_NOT_ACCEPTED", "", "the file server takes no more connections", false},
}

func statusCode(n uint32) string {
	if s := statuses[n]; s.errno != "" {
		return s.errno
	}
	return fmt.Sprintf("0x%08X", n)
}

func statusText(n uint32) string {
	if s, ok := statuses[n]; ok {
		return fmt.Sprintf("%s (%s)", s.words, s.name)
	}
	return fmt.Sprintf("the file server answered with NTSTATUS 0x%08X", n)
}
