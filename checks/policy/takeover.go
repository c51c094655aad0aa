package policy

import "strings"

// takeoverService names the service that gives host to whoever claims it first,
// or nothing. The list is of suffixes whose names can be claimed again once
// their owner lets go (EdOverflow, can-i-take-over-xyz, entries marked
// vulnerable, read in July 2026; Microsoft, "Prevent dangling DNS entries").
func takeoverService(host string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	for _, one := range takeoverSuffixes() {
		if strings.HasSuffix(host, "."+one[0]) {
			return one[1]
		}
	}
	return ""
}

func takeoverSuffixes() [][2]string {
	return [][2]string{
		{"azurewebsites.net", "Azure App Service"},
		{"cloudapp.net", "Azure Cloud Services"},
		{"cloudapp.azure.com", "Azure virtual machines"},
		{"trafficmanager.net", "Azure Traffic Manager"},
		{"blob.core.windows.net", "Azure Storage"},
		{"azure-api.net", "Azure API Management"},
		{"azureedge.net", "Azure CDN"},
		{"azurecontainer.io", "Azure Container Instances"},
		{"elasticbeanstalk.com", "AWS Elastic Beanstalk"},
		{"s3.amazonaws.com", "Amazon S3"},
		{"github.io", "GitHub Pages"},
		{"herokudns.com", "Heroku"},
		{"herokuapp.com", "Heroku"},
		{"readme.io", "Readme.io"},
		{"surge.sh", "Surge"},
		{"bitbucket.io", "Bitbucket"},
		{"ghost.io", "Ghost"},
		{"ngrok.io", "ngrok"},
	}
}
