package main

import (
	"github.com/spf13/cobra"
)

type watchOptions struct {
	sourceOptions
	deliveryOptions
	all bool
}

func watchCommand() *cobra.Command {
	var o watchOptions
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Print each flow once, as alerts come in",
		Long: `watch reads alerts from every source that is named, or from standard input if
none is, and prints each flow the first time it is seen:

  WARNING: 2024-01-30 14:48:10 - Cross-pod flow: oran/ran-ctl -> /srv/b/key -> oran/xapp-1

The time is the alert's, in UTC. Messages and counts go to standard error. Names
are shown with a backslash before every backslash and every "->" in them, and
with what does not print as \x1b or \u202e.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.read(cmd.Flags(), "watch"); err != nil {
				return err
			}
			return o.deliver(func() (*origin, error) {
				feeds, err := o.feeds()
				return &origin{feeds: feeds}, err
			}, o.all, 0)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.sourceOptions.register(f)
	f.BoolVar(&o.all, "all", false, "print alerts that are not xIM's too")
	o.deliveryOptions.register(cmd, 65536)
	return cmd
}
