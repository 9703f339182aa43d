// Writes the tables of the built-in Kubernetes API: what its Go types look like (by reflection), how they merge (from a running
// API server's OpenAPI documents) and which resources are served (from its discovery). See README.md.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	log.SetFlags(0)
	kubeconfig := flag.String("kubeconfig", os.Getenv("KUBECONFIG"), "kubeconfig of a fresh API server of the release")
	out := flag.String("out", "../tables", "folder of the tables")
	flag.Parse()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	check(err)
	server, err := rest.UnversionedRESTClientFor(withDefaults(config))
	check(err)

	table := newTypeTable(readOpenAPI(server))
	table.addScheme(newScheme())
	write(*out, "types.json.gz", table)
	write(*out, "resources.json.gz", readDiscovery(server))
	table.report()
}

// write compresses a table; Go's gzip leaves the time out, so equal tables are equal files.
func write(folder, name string, table any) {
	text, err := json.Marshal(table)
	check(err)
	var packed bytes.Buffer
	gz, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	check(err)
	_, err = gz.Write(text)
	check(err)
	check(gz.Close())
	check(os.WriteFile(filepath.Join(folder, name), packed.Bytes(), 0o644))
	fmt.Printf("%s: %d bytes of JSON, %d packed\n", name, len(text), packed.Len())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
