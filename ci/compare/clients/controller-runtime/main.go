// A small operator as most are written: a manager with leader election, a cache, and a reconciler that puts a finalizer on its objects, applies a
// ConfigMap for each by server-side apply, and tells how far it is in a status with a condition. It checks itself, and exits with 1 if a check failed.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	applymetav1 "k8s.io/client-go/applyconfigurations/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const finalizer = "example.org/cleanup"

var gearKind = schema.GroupVersionKind{Group: "example.org", Version: "v1", Kind: "Gear"}

func newGear(name string, teeth int64) *unstructured.Unstructured {
	gear := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"teeth": teeth}}}
	gear.SetGroupVersionKind(gearKind)
	gear.SetNamespace("default")
	gear.SetName(name)
	return gear
}

func definition() *unstructured.Unstructured {
	schema := map[string]any{
		"type": "object",
		"properties": map[string]any{
			"spec":   map[string]any{"type": "object", "properties": map[string]any{"teeth": map[string]any{"type": "integer"}}},
			"status": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true},
		},
	}
	version := map[string]any{
		"name": "v1", "served": true, "storage": true,
		"subresources": map[string]any{"status": map[string]any{}},
		"schema":       map[string]any{"openAPIV3Schema": schema},
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1",
		"kind":       "CustomResourceDefinition",
		"metadata":   map[string]any{"name": "gears.example.org"},
		"spec": map[string]any{
			"group": "example.org", "scope": "Namespaced",
			"names":    map[string]any{"plural": "gears", "kind": "Gear"},
			"versions": []any{version},
		},
	}}
}

type reconciler struct{ client.Client }

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	gear := newGear("", 0)
	if err := r.Get(ctx, request.NamespacedName, gear); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !gear.GetDeletionTimestamp().IsZero() {
		if controllerutil.RemoveFinalizer(gear, finalizer) {
			return ctrl.Result{}, r.Update(ctx, gear)
		}
		return ctrl.Result{}, nil
	}
	if controllerutil.AddFinalizer(gear, finalizer) {
		return ctrl.Result{}, r.Update(ctx, gear)
	}
	teeth, _, err := unstructured.NestedInt64(gear.Object, "spec", "teeth")
	if err != nil {
		return ctrl.Result{}, err
	}
	owner := applymetav1.OwnerReference().WithAPIVersion("example.org/v1").WithKind("Gear").WithName(gear.GetName()).
		WithUID(gear.GetUID()).WithController(true).WithBlockOwnerDeletion(true)
	drawing := applycorev1.ConfigMap(gear.GetName(), gear.GetNamespace()).WithOwnerReferences(owner).
		WithData(map[string]string{"teeth": fmt.Sprint(teeth)})
	if err := r.Apply(ctx, drawing, client.FieldOwner("reconciler"), client.ForceOwnership); err != nil {
		return ctrl.Result{}, err
	}
	before := gear.DeepCopy()
	ready := map[string]any{"type": "Ready", "status": "True", "reason": "Drawn", "message": fmt.Sprintf("%d teeth", teeth)}
	gear.Object["status"] = map[string]any{"observedGeneration": gear.GetGeneration(), "conditions": []any{ready}}
	return ctrl.Result{}, r.Status().Patch(ctx, gear, client.MergeFrom(before))
}

var passed, failed int

// check waits until something holds.
func check(ctx context.Context, what string, holds func(context.Context) (bool, error)) {
	if err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 20*time.Second, true, holds); err != nil {
		failed++
		fmt.Printf("FAILED %s: %v\n", what, err)
		return
	}
	passed++
	fmt.Println("ok    ", what)
}

func must(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func main() {
	ctrl.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
	ctx, stop := context.WithCancel(ctrl.SetupSignalHandler())
	config := ctrl.GetConfigOrDie()
	direct, err := client.New(config, client.Options{})
	must(err)
	must(direct.Create(ctx, definition()))
	check(ctx, "the definition is established", func(ctx context.Context) (bool, error) {
		crd := definition()
		err := direct.Get(ctx, client.ObjectKeyFromObject(crd), crd)
		conditions, _, _ := unstructured.NestedSlice(crd.Object, "status", "conditions")
		for _, c := range conditions {
			if c, ok := c.(map[string]any); ok && c["type"] == "Established" && c["status"] == "True" {
				return true, err
			}
		}
		return false, err
	})

	manager, err := ctrl.NewManager(config, ctrl.Options{
		LeaderElection: true, LeaderElectionID: "reconciler.example.org", LeaderElectionNamespace: "default",
		LeaderElectionReleaseOnCancel: true,
		Metrics:                       server.Options{BindAddress: "0"},
	})
	must(err)
	must(ctrl.NewControllerManagedBy(manager).For(newGear("", 0)).Owns(&corev1.ConfigMap{}).Complete(&reconciler{manager.GetClient()}))
	ended := make(chan error)
	go func() { ended <- manager.Start(ctx) }()

	gear := newGear("small", 7)
	key := client.ObjectKeyFromObject(gear)
	must(direct.Create(ctx, gear))
	drawn := func(teeth string) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			drawing := &corev1.ConfigMap{}
			if err := direct.Get(ctx, key, drawing); err != nil {
				return false, client.IgnoreNotFound(err)
			}
			return drawing.Data["teeth"] == teeth && metav1.IsControlledBy(drawing, gear), nil
		}
	}
	check(ctx, "a new object is reconciled", drawn("7"))
	check(ctx, "its status tells so", func(ctx context.Context) (bool, error) {
		if err := direct.Get(ctx, key, gear); err != nil {
			return false, err
		}
		observed, _, _ := unstructured.NestedInt64(gear.Object, "status", "observedGeneration")
		return observed == gear.GetGeneration() && controllerutil.ContainsFinalizer(gear, finalizer), nil
	})
	check(ctx, "the manager leads", func(ctx context.Context) (bool, error) {
		lease := &unstructured.Unstructured{}
		lease.SetGroupVersionKind(schema.GroupVersionKind{Group: "coordination.k8s.io", Version: "v1", Kind: "Lease"})
		err := direct.Get(ctx, client.ObjectKey{Namespace: "default", Name: "reconciler.example.org"}, lease)
		holder, _, _ := unstructured.NestedString(lease.Object, "spec", "holderIdentity")
		return holder != "", err
	})
	must(direct.Patch(ctx, gear, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"teeth":9}}`))))
	check(ctx, "a change is followed", drawn("9"))
	must(direct.Delete(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}))
	check(ctx, "what it owns is made anew", drawn("9"))
	spoilt := applycorev1.ConfigMap(key.Name, key.Namespace).WithData(map[string]string{"teeth": "none"})
	conflict := direct.Apply(ctx, spoilt, client.FieldOwner("somebody"))
	check(ctx, "what it applied is its own", func(context.Context) (bool, error) { return conflict != nil, nil })
	check(ctx, "the cache lists what the server lists", func(ctx context.Context) (bool, error) {
		cached, served := &unstructured.UnstructuredList{}, &unstructured.UnstructuredList{}
		cached.SetGroupVersionKind(gearKind)
		served.SetGroupVersionKind(gearKind)
		if err := manager.GetClient().List(ctx, cached); err != nil {
			return false, err
		}
		err := direct.List(ctx, served)
		same := len(cached.Items) == 1 && len(served.Items) == 1 && cached.Items[0].GetResourceVersion() == served.Items[0].GetResourceVersion()
		return same, err
	})
	mapping, err := manager.GetRESTMapper().RESTMapping(gearKind.GroupKind())
	check(ctx, "discovery knows the kind", func(context.Context) (bool, error) {
		return err == nil && mapping.Scope.Name() == apimeta.RESTScopeNameNamespace, err
	})
	must(direct.Delete(ctx, gear))
	check(ctx, "a deleted object goes when its finalizer does, and what it owned goes with it", func(ctx context.Context) (bool, error) {
		gone := client.IgnoreNotFound(direct.Get(ctx, key, newGear("", 0))) == nil && direct.Get(ctx, key, newGear("", 0)) != nil
		return gone && direct.Get(ctx, key, &corev1.ConfigMap{}) != nil, nil
	})
	stop()
	check(context.Background(), "the manager ends", func(context.Context) (bool, error) {
		select {
		case err := <-ended:
			return true, err
		default:
			return false, nil
		}
	})
	fmt.Printf("controller-runtime: %d of %d checks passed\n", passed, passed+failed)
	if failed > 0 {
		os.Exit(1)
	}
}
