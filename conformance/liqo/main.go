// Liqo's own firewall controller at work in the network namespace that this program is started in. Each line of standard
// input is a FirewallConfiguration as it is now stored, or null: it was deleted. Each is answered by one line.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	networkingv1beta1 "github.com/liqotech/liqo/apis/networking/v1beta1"
	"github.com/liqotech/liqo/pkg/firewall"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const largestObject = 64 << 20

// The event recorder holds what nobody reads.
const mostEvents = 1 << 20

type answer struct {
	Error     string `json:"error,omitempty"`
	Condition string `json:"condition,omitempty"`
}

func main() {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out io.Writer) error {
	objects := &store{}
	node, err := firewall.NewFirewallConfigurationReconcilerWithFinalizer(
		objects, runtime.NewScheme(), "node", record.NewFakeRecorder(mostEvents), nil)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, largestObject)
	said := json.NewEncoder(out)
	for lines.Scan() {
		result := reconcile(node, objects, lines.Bytes())
		if err := said.Encode(result); err != nil {
			return err
		}
	}
	return lines.Err()
}

func reconcile(node *firewall.FirewallConfigurationReconciler, objects *store, line []byte) answer {
	var object *networkingv1beta1.FirewallConfiguration
	if err := json.Unmarshal(line, &object); err != nil {
		return answer{Error: "not understood: " + err.Error()}
	}
	isNew := objects.stored == nil
	objects.put(object)
	if objects.stored == nil {
		return answer{}
	}
	request := ctrl.Request{NamespacedName: client.ObjectKeyFromObject(objects.stored)}
	if isNew {
		// The first look at an object adds the finalizer, and nothing else.
		if _, err := node.Reconcile(context.Background(), request); err != nil {
			return answer{Error: err.Error()}
		}
	}
	if _, err := node.Reconcile(context.Background(), request); err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Condition: objects.condition()}
}
