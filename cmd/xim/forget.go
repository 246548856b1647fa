package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/xim-monitor/xim/cmd/xim/internal/control"
	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
)

func forgetCommand() *cobra.Command {
	var o flowsOptions
	cmd := &cobra.Command{
		Use:   "forget",
		Short: "Forget flows, so that they are new again",
		Long: `forget removes the flows that match, all if nothing is asked for, so that
"xim watch" and "xim run" print them again. It may run while those do.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := o.forget()
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "forgot %d flows\n", n)
			return nil
		},
	}
	o.register(cmd.Flags())
	return cmd
}

func (o *flowsOptions) forget() (n int, err error) {
	if err := o.parse(); err != nil {
		return 0, err
	}
	if c, err := control.Dial(o.state); err == nil {
		defer c.Close()
		if n, err = c.Forget(o.filter); err != nil {
			return 0, exitError{exitFailed, fmt.Errorf("ask the xim that runs: %w", err)}
		}
		return n, nil
	}
	st, err := openForQuery(o.state, false)
	if err != nil {
		return 0, err
	}
	var b pipeline.Batch
	for _, r := range st.Flows {
		if o.filter.Match(r) {
			b.Delete = append(b.Delete, string(r.AppendKey(nil)))
		}
	}
	if err := st.Commit(b); err != nil {
		st.Close()
		return 0, exitError{exitFailed, err}
	}
	if err := st.Close(); err != nil {
		return 0, exitError{exitFailed, err}
	}
	return len(b.Delete), nil
}
