package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"time"

	"github.com/xim-monitor/xim/cmd/xim/internal/alert"
	"github.com/xim-monitor/xim/cmd/xim/internal/dedup"
)

// value is what is kept of a flow beside its key.
type value struct {
	Op       string `json:"op,omitempty"`
	Rule     string `json:"rule,omitempty"`
	Priority string `json:"priority,omitempty"`
	Age      *int64 `json:"age,omitempty"`
	First    int64  `json:"first"`
	Last     int64  `json:"last"`
	Count    uint64 `json:"count"`
	Seq      uint64 `json:"seq"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func encode(r *dedup.Record) ([]byte, error) {
	v := value{Op: r.Op, Rule: r.Rule, Priority: r.Priority, First: r.First.UnixNano(), Last: r.Last.UnixNano(), Count: r.Count, Seq: r.Seq}
	if r.HasAge {
		v.Age = (*int64)(&r.Age)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return append(binary.BigEndian.AppendUint32(nil, checksum(r.Key(), text)), text...), nil
}

func checksum(key string, text []byte) uint32 {
	return crc32.Update(crc32.Checksum([]byte(key), castagnoli), castagnoli, text)
}

func decode(key, text []byte) (*dedup.Record, error) {
	f, ok := alert.ParseKey(key)
	if !ok || len(text) < 4 || binary.BigEndian.Uint32(text) != checksum(string(key), text[4:]) {
		return nil, damaged{errors.New("the checksum of a flow is wrong")}
	}
	var v value
	if err := json.Unmarshal(text[4:], &v); err != nil {
		return nil, damaged{err}
	}
	r := &dedup.Record{
		Flow: f, Op: v.Op, Rule: v.Rule, Priority: v.Priority,
		First: time.Unix(0, v.First).UTC(), Last: time.Unix(0, v.Last).UTC(), Count: v.Count, Seq: v.Seq,
	}
	if v.Age != nil {
		r.Age, r.HasAge = time.Duration(*v.Age), true
	}
	return r, nil
}
