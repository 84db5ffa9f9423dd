package main

import (
	"context"
	"fmt"

	networkingv1beta1 "github.com/liqotech/liqo/apis/networking/v1beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// store is as much of an API server as the controller asks for: one object. Any other call is a nil dereference.
type store struct {
	client.Client
	stored *networkingv1beta1.FirewallConfiguration
}

// put stores a new version, or marks the object as deleted.
func (s *store) put(object *networkingv1beta1.FirewallConfiguration) {
	if s.stored == nil || object == nil {
		if s.stored != nil {
			now := metav1.Now()
			s.stored.DeletionTimestamp = &now
		} else {
			s.stored = object
		}
		return
	}
	object.Finalizers = s.stored.Finalizers
	object.Status = s.stored.Status
	s.stored = object
}

func (s *store) condition() string {
	if s.stored == nil || len(s.stored.Status.Conditions) == 0 {
		return ""
	}
	first := s.stored.Status.Conditions[0]
	return fmt.Sprintf("%s=%s", first.Type, first.Status)
}

func (s *store) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	object, ok := into.(*networkingv1beta1.FirewallConfiguration)
	if !ok || s.stored == nil || client.ObjectKeyFromObject(s.stored) != key {
		return apierrors.NewNotFound(schema.GroupResource{Resource: "firewallconfigurations"}, key.Name)
	}
	s.stored.DeepCopyInto(object)
	return nil
}

func (s *store) Update(_ context.Context, changed client.Object, _ ...client.UpdateOption) error {
	object, ok := changed.(*networkingv1beta1.FirewallConfiguration)
	if !ok {
		return fmt.Errorf("no FirewallConfiguration: %T", changed)
	}
	if s.stored = object.DeepCopy(); object.DeletionTimestamp != nil && len(object.Finalizers) == 0 {
		s.stored = nil
	}
	return nil
}

func (s *store) Status() client.SubResourceWriter { return statusWriter{store: s} }

type statusWriter struct {
	client.SubResourceWriter
	store *store
}

func (w statusWriter) Update(ctx context.Context, changed client.Object, _ ...client.SubResourceUpdateOption) error {
	// The controller reports on an object after it has let it go.
	if w.store.stored == nil {
		return nil
	}
	return w.store.Update(ctx, changed)
}
