#!/bin/sh
# Deploys each template with the parameters of the same name. A deployment is a wish: what is as it
# should be stays as it is. One that can't be had yet (a network that isn't there) fails, and the
# next run tries again. Of *.daily.json, one success a day is enough: each deployment of a secret is a
# new version of it.
set -eu
az login --service-principal --username "$AZURE_CLIENT_ID" --tenant "$AZURE_TENANT_ID" \
  --federated-token "$(cat "$AZURE_FEDERATED_TOKEN_FILE")" --output none
failed=0
for template in /templates/*.json; do
  parameters=/parameters/$(basename "$template")
  name=$(basename "$template" .json)
  case $name in
    *.daily)
      name=$name.$(date -u +%F)
      state=$(az deployment group show --subscription "$SUBSCRIPTION" --resource-group "$RESOURCE_GROUP" \
        --name "$name" --query properties.provisioningState --output tsv 2>/dev/null) || state=none
      if [ "$state" = Succeeded ]; then continue; fi
      ;;
  esac
  az deployment group create --subscription "$SUBSCRIPTION" --resource-group "$RESOURCE_GROUP" \
    --name "$name" --template-file "$template" --parameters "$parameters" \
    --mode Incremental --output none || failed=1
done
exit "$failed"
