# What the steps use beside kubectl.

# until_is TEXT COMMAND...: runs the command until it prints this text, for 30 seconds at most.
until_is() {
    local wanted=$1 said=
    shift
    for _ in $(seq 150); do
        said=$("$@" 2>&1) || true
        [ "$said" = "$wanted" ] && return
        sleep 0.2
    done
    echo "still: $said"
    return 1
}

# run_pods SELECTOR COUNT: waits for so many pods and says for the kubelet, which is not there, that they run.
run_pods() {
    local name status
    until_is "$2" bash -c "kubectl get pods -l '$1' --field-selector=status.phase=Pending -o name | wc -l"
    status='{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}'
    for name in $(kubectl get pods -l "$1" --field-selector=status.phase=Pending -o name); do
        kubectl patch "$name" --subresource=status -p "$status" >/dev/null
    done
}
