package scap

// User is a user of the made-up machine, with a group of the same name.
type User struct {
	UID, GID          uint32
	Name, Home, Shell string
}

// User adds a user to the machine's list, on which root always is. What an id that is
// not on the list is called, libsinsp finds out from the machine that plays the capture.
func (w *Writer) User(u User) {
	for _, s := range []string{u.Name, u.Home, u.Shell} {
		if len(s) > maxName {
			w.fail("user %d: %w", u.UID, tooLong("string", len(s), maxName))
		}
	}
	w.users = append(w.users, u)
}

// maxName is the longest user name in bytes that libscap reads.
const maxName = 255

func usersBody(users []User) []byte {
	const kindUser, kindGroup = 0, 1
	var b []byte
	for _, u := range users {
		entry := append(U8(kindUser), U32(u.UID)...)
		entry = append(entry, U32(u.GID)...)
		for _, s := range []string{u.Name, u.Home, u.Shell} {
			entry = appendShort(entry, s)
		}
		b = append(b, withLength(entry)...)
	}
	for _, u := range users {
		entry := append(U8(kindGroup), U32(u.GID)...)
		b = append(b, withLength(appendShort(entry, u.Name))...)
	}
	return b
}
